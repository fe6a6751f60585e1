// What models are for, in a sentence, where the console knows them by their names. Of others it says
// what the server says.

const ABOUT: Record<string, string> = {
  'emoji-diffusion':
    'Small, made for trying things out: it draws emoji. For real work load a larger one, such as stable-diffusion-2-1.',
  'efficientnet-lite0':
    'Knows 1,000 things of ImageNet: animals, plants, food, vehicles, household objects. Not people, not text.',
  'mobilenet-v2':
    'Knows 1,000 things of ImageNet: animals, plants, food, vehicles, household objects. Not people, not text.',
}

export function aboutModel(id: string): string | undefined {
  return ABOUT[id]
}
