// What the stand-in server says.

const SENTENCES = [
  'A busbar is a thick strip of copper that carries current to many circuits at once.',
  'The robot looked at the empty canvas for a long time and then chose the brightest orange.',
  'Every morning the lighthouse keeper counted the gulls, and every morning there was one more.',
  'Rain fell softly on the roof while the kettle began to sing in the small kitchen.',
  'She kept a notebook of small wonders, and the first page was about bread.',
  'In winter the harbour is quiet, and the boats sleep under their blankets of snow.',
  'There are three things to remember: be kind, drink water, and label your cables.',
  'The old bridge hums when the wind comes from the west, as if it remembered a song.',
]

/** The same for the same prompt and seed; another one each time without a seed. */
export function answerText(prompt, seed) {
  let state = seed === undefined ? Math.floor(Math.random() * 2 ** 31) : seed + prompt.length
  const chosen = Array.from({ length: 9 }, () => {
    state = (state * 1103515245 + 12345) % 2 ** 31
    return SENTENCES[(state >> 9) % SENTENCES.length]
  })
  return `${chosen.slice(0, 4).join(' ')}\n\n${chosen.slice(4).join(' ')}`
}

export const MARKDOWN = `Here is a **small** function with a test, and why it works:

\`\`\`python
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b  # no surprise here

assert add(2, 3) == 5
\`\`\`

1. It takes two numbers.
2. It gives back their *sum*, so \`add(2, 3)\` is \`5\`.

### A table

| Metal     | Conductivity | Price |
|-----------|-------------:|:-----:|
| Silver    |         63.0 | high  |
| Copper    |         59.6 | fair  |
| Aluminium |         37.7 |  low  |

> Copper is the usual choice. <img src=x onerror="alert(1)">

- [x] label the cables
- [ ] drink water, see [the site](https://example.org) or [this](javascript:alert(1))
`
