import { expect, test } from 'vitest'

import { readTextFile } from './textFile'

test('a text file gives its text', async () => {
  expect(await readTextFile(new File(['\uFEFFCafé'], 'a.txt'))).toEqual({
    name: 'a.txt',
    text: 'Café',
  })
})

test('what is no text is said to be none', async () => {
  const latin = new File([new Uint8Array([0x43, 0xe9])], 'b.txt')
  expect(await readTextFile(latin)).toBe('b.txt is not a text file in UTF-8.')
  expect(await readTextFile(new File(['a\0b'], 'c.bin'))).toBe('c.bin is not a text file.')
  expect(await readTextFile(new File([' \n'], 'd.txt'))).toBe('d.txt is empty.')
})
