// Addresses that the server writes into its answers, as this page reaches them.

import { places } from './places'

/** The server knows its files by the name that it was called by; behind a proxy this page may know it by
 *  another, so files of the API are taken from where this page asks. */
export function reachable(address: string, base: URL = places().sync): string {
  const { pathname, search } = new URL(address, base)
  return pathname.startsWith('/v1/') ? new URL(`.${pathname}${search}`, base).href : address
}
