/** Whether an Accept-Encoding header takes this coding (RFC 9110, 12.5.3). One that is absent takes none here. */
export function takesEncoding(accepted: string | undefined, coding: string): boolean {
  const wishes = new Map(
    (accepted ?? '').split(',').map((word) => {
      const [name = '', ...parameters] = word.split(';').map((part) => part.trim().toLowerCase())
      return [name, !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))]
    }),
  )
  return wishes.get(coding) ?? wishes.get('*') ?? false
}
