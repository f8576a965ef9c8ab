import { Btf } from "../../btf/index.ts"
import type { LoadedMap, LoadOptions as MachineOptions } from "../../machine/index.ts"
import { type BpfObject, ElfFile, linkObjects, readElf } from "../../object/index.ts"
import { badOption } from "../errors.ts"
import { BpfMap } from "../maps/index.ts"
import { pathOf, readBytes } from "../source.ts"
import type { ObjectFile, ObjectOptions } from "./options.ts"

/** The object of a file, or of several that are linked. @throws SkepError OBJECT_…, BPF_FILE, BPF_OPTION */
export function readObject(files: ObjectFile | readonly ObjectFile[]): BpfObject {
  const objects = (Array.isArray(files) ? files : [files]).map(readOne)
  if (objects.length === 0) throw badOption("there is no object to load", 'BPF.fromObject("program.o")')
  return objects.length === 1 ? objects[0] : linkObjects(objects)
}

function readOne(file: ObjectFile): BpfObject {
  if (file instanceof Uint8Array) return readElf(file)
  if (typeof file === "string" || file instanceof URL) {
    const path = pathOf(file)
    return readElf(readBytes(path), path)
  }
  if (typeof file === "object" && file !== null && "programs" in file) return file
  throw badOption(`an object is a path, bytes, or a compiled object, not ${typeof file}`, 'BPF.fromObject("program.o")')
}

/** What a machine is told that loads an object. @throws SkepError BPF_FILE, BTF_…, BPF_OPTION */
export function machineOptions({ maps, kconfig, kernelTypes, verifierLog, verify }: ObjectOptions): MachineOptions {
  return {
    verifierLog,
    verify,
    ...(maps !== undefined && {
      maps: new Map(Object.entries(maps).flatMap(([name, map]) => (map === undefined ? [] : [[name, loadedMap(map)]]))),
    }),
    ...(kconfig !== undefined && { config: configText(kconfig) }),
    ...(kernelTypes !== undefined && { types: readTypes(kernelTypes) }),
  }
}

const loadedMap = (map: BpfMap | LoadedMap): LoadedMap => (map instanceof BpfMap ? map.map : map)

/** Lines as a kernel's configuration has them: texts that are no `y`, `n`, `m` or number stand in quotes. */
function configText(options: NonNullable<ObjectOptions["kconfig"]>): string {
  const text = (value: string | number | boolean): string => {
    if (typeof value !== "string") return typeof value === "number" ? String(value) : value ? "y" : "n"
    return /^([ynm]|-?\d+|-?0x[\da-f]+|".*")$/i.test(value) ? value : JSON.stringify(value)
  }
  return Object.entries(options)
    .map(([name, value]) => `${name}=${text(value)}\n`)
    .join("")
}

function readTypes(source: string | URL | Uint8Array): Btf {
  const bytes = source instanceof Uint8Array ? source : readBytes(pathOf(source))
  if (bytes[0] !== 0x7f) return Btf.parse(bytes)
  const elf = new ElfFile(bytes)
  const section = elf.section(".BTF")
  if (section !== undefined) return Btf.parse(elf.data(section))
  throw badOption("the file of the kernel's types has no section .BTF", "make it with pahole --btf_encode_detached")
}
