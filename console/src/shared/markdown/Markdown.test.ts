// What untrusted text may become, looked at as the HTML that it renders to.

import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'

import { decodeEntities } from './entities'
import { safeAddress } from './links'
import { Markdown } from './Markdown'

function html(text: string): string {
  const markup = renderToStaticMarkup(createElement(Markdown, { text }))
  return markup.replace(/^<div class="[^"]*">|<\/div>$/g, '')
}

test('HTML in the source stays text', () => {
  expect(html('<img src=x onerror=alert(1)>')).toBe('<p>&lt;img src=x onerror=alert(1)&gt;</p>')
  expect(html('a <b onclick="x()">b</b>')).toBe(
    '<p>a &lt;b onclick=&quot;x()&quot;&gt;b&lt;/b&gt;</p>',
  )
  expect(html('<script>alert(1)</script>')).not.toContain('<script')
})

test('a link that could run something is only its text', () => {
  expect(html('[go](javascript:alert(1))')).toBe('<p>go</p>')
  expect(html('[go](https://example.org/a)')).toBe(
    '<p><a href="https://example.org/a" target="_blank" rel="noopener noreferrer nofollow">go</a></p>',
  )
  expect(safeAddress('JaVaScript:alert(1)')).toBeUndefined()
  expect(safeAddress('data:text/html,x')).toBeUndefined()
  expect(safeAddress('#/race')).toBeUndefined()
})

test('an image is a link to it and is not loaded', () => {
  expect(html('![bar](https://example.org/a.png)')).not.toContain('<img')
})

test('the usual marks become elements', () => {
  expect(html('# T\n\n**b** *i* ~~d~~ `c<d>`')).toBe(
    '<h3 data-depth="1">T</h3><p><strong>b</strong> <em>i</em> <del>d</del> <code>c&lt;d&gt;</code></p>',
  )
  expect(html('3. x\n4. y')).toBe('<ol start="3"><li>x</li><li>y</li></ol>')
  expect(html('| a | b |\n|--:|---|\n| 1 | 2 |')).toContain('<td data-align="right">1</td>')
  expect(html('> q')).toBe('<blockquote><p>q</p></blockquote>')
})

test('a code block that is not closed yet is code already', () => {
  expect(html('```rust\nfn main() {')).toContain('<code>fn main() {</code>')
})

test('entities are read, and unknown ones stay', () => {
  expect(decodeEntities('a &amp; b &lt;c&gt; &#233; &#xe9; &nope; &#0; &amp;lt;')).toBe(
    'a & b <c> é é &nope; &#0; &lt;',
  )
})
