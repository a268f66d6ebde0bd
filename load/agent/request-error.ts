/** A request that cannot be served as it is. It is answered with the status, and with the field if one is to blame. */
export class RequestError extends Error {
  override readonly name = 'RequestError'
  readonly statusCode: number
  /** As the HTTP edge expects it; see #common/http.ts. */
  readonly validation: { instancePath: string }[] | undefined

  constructor(statusCode: number, problem: string, field?: string) {
    super(problem)
    this.statusCode = statusCode
    this.validation = field === undefined ? undefined : [{ instancePath: `/${field.replaceAll('.', '/')}` }]
  }
}
