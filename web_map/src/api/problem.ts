import type { Text } from './types'

/** What went wrong, in words for people, and whether asking again can help. */
export class Problem extends Error {
  readonly words: Text
  readonly status: number
  readonly parameter: string | null
  readonly retry: boolean

  constructor(words: Text, status: number, parameter: string | null = null) {
    super(words.en)
    this.words = words
    this.status = status
    this.parameter = parameter
    this.retry = status === 0 || status === 408 || status === 429 || status >= 500
  }
}

const OFFLINE: Text = {
  vi: 'Không nối được với máy chủ. Hãy kiểm tra mạng rồi thử lại.',
  en: 'The server cannot be reached. Check the connection, then try again.'
}

const BY_STATUS: Record<number, Text> = {
  404: { vi: 'Không tìm thấy.', en: 'Not found.' },
  413: { vi: 'Tệp gửi lên quá lớn. Hãy chọn ảnh nhỏ hơn.', en: 'The upload is too large. Choose a smaller photo.' },
  429: { vi: 'Quá nhiều yêu cầu. Hãy chờ một phút rồi thử lại.', en: 'Too many requests. Wait a minute, then try again.' },
  503: { vi: 'Máy chủ đang bận. Hãy thử lại sau ít phút.', en: 'The server is busy. Try again in a few minutes.' }
}

const UNKNOWN: Text = {
  vi: 'Máy chủ gặp lỗi. Hãy thử lại; nếu vẫn lỗi, hãy báo cho đơn vị quản lý trang.',
  en: 'The server failed. Try again; if it keeps failing, tell the people who run this site.'
}

/** The problem for an answer that never came. */
export function unreachable(): Problem {
  return new Problem(OFFLINE, 0)
}

/** The problem in an answer: `application/problem+json` (RFC 9457) with `detail` and `detail_en`, or words by status. */
export function fromAnswer(status: number, body: unknown): Problem {
  const fallback = BY_STATUS[status] ?? UNKNOWN
  if (typeof body !== 'object' || body === null) return new Problem(fallback, status)
  const said = body as Record<string, unknown>
  const vi = sentence(said['detail'], said['allowed'])
  if (vi === null) return new Problem(fallback, status)
  const en = sentence(said['detail_en'], said['allowed_en']) ?? vi
  const parameter = typeof said['parameter'] === 'string' ? said['parameter'] : null
  return new Problem({ vi, en }, status, parameter)
}

function sentence(detail: unknown, allowed: unknown): string | null {
  if (typeof detail !== 'string' || detail === '') return null
  if (typeof allowed !== 'string' || allowed === '' || detail.includes(allowed)) return detail
  return `${detail} ${allowed}`
}

/** Any thrown thing as a problem; an abort is passed on as it is. */
export function asProblem(thrown: unknown): Problem {
  return thrown instanceof Problem ? thrown : unreachable()
}

export function isAbort(thrown: unknown): boolean {
  return thrown instanceof DOMException && thrown.name === 'AbortError'
}
