// Asks the server what is on one picture.

import { answered } from '@/shared/api/answered'
import type { Api } from '@/shared/api/client'
import type { PredictAnswer } from '@/shared/api/types'

import { MOST_LABELS, type Answer, type Source } from './model'

export type Ask = (
  source: Source,
  model: string | undefined,
  signal: AbortSignal,
) => Promise<Answer>

/** A file goes as it is, in the body; only an address needs JSON. */
export function predictWith(api: Api): Ask {
  return async (source, model, signal) => {
    const named = model === undefined ? {} : { model }
    if ('address' in source) {
      const body = { image_url: source.address, top_k: MOST_LABELS, ...named }
      return read(await answered(api.POST('/predict', { body, signal })))
    }
    const { file } = source
    const asking = api.POST('/predict', {
      params: { query: { top_k: MOST_LABELS, ...named } },
      headers: { 'content-type': file.type || 'image/*' },
      // The description calls a file a list of numbers; it is sent as it lies on the disk.
      body: file as unknown as number[],
      bodySerializer: () => file,
      signal,
    })
    return read(await answered(asking))
  }
}

function read({ model, version, predictions, timings_ms }: PredictAnswer): Answer {
  return {
    model,
    ...(version != null && { version }),
    labels: predictions,
    inferenceMs: timings_ms.inference,
    totalMs: timings_ms.total,
  }
}
