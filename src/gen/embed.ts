import { type BpfObject, isPinnedByName, writeElf } from "../object/index.ts"

/** A program as a module holds it. */
export interface Embedded {
  /** The object file. */
  readonly bytes: Uint8Array
  /** Where maps are pinned that an object file cannot say: at another path than their name's. */
  readonly pinned: Readonly<Record<string, string>>
}

/** What a module needs to make an object of again. @throws SkepError OBJECT_… where a file cannot hold it */
export function embed(object: BpfObject): Embedded {
  const pinned: Record<string, string> = {}
  const maps = object.maps.map(map => {
    if (map.pin === undefined || isPinnedByName(map)) return map
    pinned[map.name] = map.pin
    return { ...map, pin: undefined }
  })
  return { bytes: writeElf({ ...object, maps }), pinned }
}

/** The arguments of `new CompiledProgram`, each in a line of its own. */
export function embeddedArguments(source: string, { bytes, pinned }: Embedded): string {
  const values = [source, base64(bytes), ...(Object.keys(pinned).length > 0 ? [pinned] : [])]
  return values.map(value => `  ${JSON.stringify(value)},\n`).join("")
}

/** Bytes of a text at a time: functions take so many arguments. */
const PART = 8192

function base64(bytes: Uint8Array): string {
  let text = ""
  for (let at = 0; at < bytes.length; at += PART) text += String.fromCharCode(...bytes.subarray(at, at + PART))
  return btoa(text)
}
