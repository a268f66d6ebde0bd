/** A request of FastCGI for a script, as clients take it: https://fastcgi-archives.github.io/FastCGI_Specification.html#S8 */
export function fastCgi(script: string): Buffer {
  const record = (type: number, content: Buffer): Buffer =>
    Buffer.concat([Buffer.from([1, type, 0, 1, content.length >> 8, content.length & 255, 0, 0]), content])
  const pair = (name: string, value: string): Buffer =>
    Buffer.concat([Buffer.from([name.length, value.length]), Buffer.from(name + value)])
  const params = [pair('SCRIPT_FILENAME', script), pair('REQUEST_METHOD', 'GET')]
  const [begin, paramsType, stdin, none] = [1, 4, 5, Buffer.alloc(0)]
  const records = [
    record(begin, Buffer.from([0, 1, 0, 0, 0, 0, 0, 0])),
    record(paramsType, Buffer.concat(params)),
    record(paramsType, none),
    record(stdin, none),
  ]
  return Buffer.concat(records)
}
