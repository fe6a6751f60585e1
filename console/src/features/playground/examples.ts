// What to begin with: prompts that suit a very small model.

import type { Example } from '@/shared/ui/Welcome'

import type { Mode } from './model'

const COPPER = `A busbar is a strip or bar of metal, usually copper or aluminium, that distributes electric power inside switchgear, distribution boards and substations. One supply arrives at the bar, and many circuits leave it. Because the bar is thick and short, it carries large currents with little loss, and because it is bare, branches can be bolted on wherever they are needed.

Busbars are older than most of the machines that they feed. The first power stations of the 1880s already used flat copper bars to gather the output of several dynamos, so that any dynamo could serve any street. When one machine stopped, the others carried its load through the same bar, and the lamps stayed lit. Engineers soon learned to split the bar into sections with switches between them, so that a fault on one section would not darken the whole town.

Today the same idea is found at every scale. A substation has busbars as long as a house, hung from insulators and rated for thousands of amperes. A data centre has busbar trunking above its racks, with tap-off boxes that can be moved without turning anything off. An electric car has busbars between the cells of its battery, where they must stay light, cool and firmly joined for many years. In each case the bar does one simple thing: it lets many sources and many loads share one common connection.`

export const EXAMPLES: Record<Mode, readonly Example[]> = {
  chat: [
    { title: 'Write a haiku', text: 'Write a haiku about a copper wire.' },
    { title: 'Name something', text: 'Give me five names for a friendly robot.' },
    { title: 'Explain simply', text: 'Explain what electricity is to a child of six.' },
    { title: 'Write some code', text: 'Write a Python function that adds two numbers.' },
  ],
  generate: [
    { title: 'Begin a story', text: 'Once upon a time, in a small town by the sea,' },
    { title: 'Begin a recipe', text: 'To make a simple tomato soup, you need' },
    { title: 'Begin a letter', text: 'Dear neighbour,\n\nThank you for' },
    { title: 'Begin a list', text: 'The three largest oceans are:\n1.' },
  ],
  summary: [{ title: 'Summarise a sample text about busbars', text: COPPER }],
}
