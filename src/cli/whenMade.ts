/**
 * Does something with a standard stream when it is first used. Node makes the stream then, which takes 2 ms: a command that prints nothing
 * need not wait for it.
 */
export function whenMade(name: "stdout" | "stderr", act: (stream: NodeJS.WriteStream) => void): void {
  const property = Object.getOwnPropertyDescriptor(process, name)
  const make = property?.get
  if (property?.configurable !== true || make === undefined) {
    act(process[name])
    return
  }
  const get = (): NodeJS.WriteStream => {
    Object.defineProperty(process, name, property)
    const stream: NodeJS.WriteStream = make.call(process)
    act(stream)
    return stream
  }
  Object.defineProperty(process, name, { ...property, get })
}
