// What a request came to: its answer, or a thrown `Failure`. A stop stays an `AbortError`.

import { asFailure, failureOf, isAbort } from './failure'

interface Asked<T> {
  data?: T
  error?: unknown
  response: Response
}

export async function answered<T>(asking: Promise<Asked<T>>): Promise<T> {
  const asked = await asking.catch((thrown: unknown) => {
    throw isAbort(thrown) ? thrown : asFailure(thrown)
  })
  if (!asked.response.ok) throw failureOf(asked.error, asked.response)
  // An answer without a body (204) is the type's `undefined`.
  return asked.data as T
}
