import { fromAnswer, unreachable } from './problem'
import type { ReportState } from './types'

/**
 * POST a form and say how much of it has left the machine (0 to 1).
 * `key`: the same for each try of the same report, so that a lost answer does not store it twice.
 * `fetch` cannot tell the progress of an upload, hence the older interface.
 */
export function send(
  url: string,
  form: FormData,
  key: string,
  progress: (part: number) => void
): Promise<ReportState> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', url)
    request.responseType = 'json'
    request.setRequestHeader('accept', 'application/json')
    request.setRequestHeader('idempotency-key', key)
    request.upload.onprogress = (event) => {
      if (event.lengthComputable && event.total > 0) progress(event.loaded / event.total)
    }
    request.onload = () => {
      if (request.status >= 200 && request.status < 300 && request.response) {
        resolve(request.response as ReportState)
      } else {
        reject(fromAnswer(request.status, request.response))
      }
    }
    request.onerror = () => reject(unreachable())
    request.ontimeout = () => reject(unreachable())
    request.timeout = 120_000
    request.send(form)
  })
}
