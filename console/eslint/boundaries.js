// A lint rule: the app may import features and shared code; a feature may import shared code and
// itself; shared code may import shared code only.

import path from 'node:path'

/** The layer of a path below `src`: `app`, `shared` or `features/<name>`. */
function layer(below) {
  const [first, second] = below.split('/')
  if (first === 'features' && second) return `features/${second}`
  if (first === 'shared') return 'shared'
  return 'app'
}

/** The path below `src` that an import means, or nothing where it names a package. */
function target(source, file, root) {
  if (source.startsWith('@/')) return source.slice(2)
  if (!source.startsWith('.')) return undefined
  return path.posix.relative(root, path.posix.join(path.posix.dirname(file), source))
}

function allowed(from, to) {
  return from === 'app' || to === 'shared' || from === to
}

export const boundaries = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { crossed: '`{{from}}` must not import `{{to}}`.' },
  },
  create(context) {
    const file = context.filename.split(path.sep).join('/')
    const at = file.lastIndexOf('/src/')
    if (at < 0) return {}
    const root = file.slice(0, at + 4)
    const from = layer(path.posix.relative(root, file))

    function check(node, source) {
      if (typeof source !== 'string') return
      const below = target(source.split('?')[0], file, root)
      if (below === undefined) return
      const to = layer(below)
      if (!allowed(from, to)) context.report({ node, messageId: 'crossed', data: { from, to } })
    }

    return {
      ImportDeclaration: (node) => check(node, node.source.value),
      ExportAllDeclaration: (node) => check(node, node.source.value),
      ExportNamedDeclaration: (node) => check(node, node.source?.value),
      ImportExpression: (node) => check(node, node.source.value),
    }
  },
}
