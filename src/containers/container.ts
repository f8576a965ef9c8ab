import { type ContainerPath, type ContainerRuntime, containerOfPath, containerOfText, type Pod } from "./cgroupPath.ts"
import { cgroupFolder, cgroupMount, readText } from "./cgroups.ts"
import { type ContainerNames, containerNames } from "./names.ts"

/** A container, as far as its control group and the files of its runtime tell. */
export interface Container {
  /** Who made it, as far as the control group tells. */
  readonly runtime: ContainerRuntime
  /** The runtime's name for it: 64 hexadecimal digits, mostly. */
  readonly id: string
  /** As `docker ps` and its like show it; undefined where the runtime's files do not tell, or this user may not read them. */
  readonly name: string | undefined
  /** What it was made from, as the runtime writes it: `nginx:1.27`. */
  readonly image: string | undefined
  /** The pod of Kubernetes that it belongs to. */
  readonly pod: (Pod & { readonly name: string | undefined; readonly namespace: string | undefined }) | undefined
}

/** Where to look, for those who see the machine's files elsewhere: in a container, `{ proc: "/host/proc", root: "/host" }`. */
export interface ContainerPlaces {
  /** `/proc` without it. */
  readonly proc?: string
  /** Folder below which the runtimes' files are; `/` without it. */
  readonly root?: string
  /** Where cgroup2 is mounted; looked up without it. */
  readonly cgroups?: string
}

/**
 * Containers by process and by control group. Each is looked up once:
 *
 *     const containers = new Containers()
 *     for await (const { pid, cgroup } of b.events("events")) console.log(containers.ofCgroup(cgroup)?.name ?? "host", pid)
 */
export class Containers {
  readonly #proc: string
  readonly #root: string
  readonly #cgroups: string | undefined
  readonly #named = new Map<string, Container>()
  readonly #byCgroup = new Map<bigint, Container | undefined>()

  constructor({ proc = "/proc", root = "/", cgroups }: ContainerPlaces = {}) {
    this.#proc = proc
    this.#root = root
    this.#cgroups = cgroups ?? cgroupMount()
  }

  /** The container that a process is in; undefined for one of the machine itself, and for one that has ended. */
  ofPid(pid: number): Container | undefined {
    const path = containerOfText(readText(`${this.#proc}/${pid}/cgroup`))
    return path && this.#container(path)
  }

  /**
   * The container of a control group by its number, as `bpf_get_current_cgroup_id()` gives it; undefined for a group of the machine itself, and for one
   * that is gone. What was found is remembered, so that events of a container that has ended still have its name.
   */
  ofCgroup(id: bigint | number): Container | undefined {
    const key = BigInt(id)
    const known = this.#byCgroup.get(key)
    if (known !== undefined || this.#byCgroup.has(key)) return known
    const folder = this.cgroupFolder(key)
    const path = folder === undefined ? undefined : containerOfPath(folder)
    const container = path && this.#container(path)
    // A group that is not there yet may come.
    if (folder !== undefined) this.#byCgroup.set(key, container)
    return container
  }

  /** Folder of a control group by its number; undefined where there is none. */
  cgroupFolder(id: bigint | number): string | undefined {
    return this.#cgroups === undefined ? undefined : cgroupFolder(BigInt(id), this.#cgroups)
  }

  #container(path: ContainerPath): Container {
    const key = `${path.runtime} ${path.id}`
    let container = this.#named.get(key)
    if (container === undefined) this.#named.set(key, (container = made(path, containerNames(path, this.#root))))
    return container
  }
}

function made({ runtime, id, pod }: ContainerPath, names: ContainerNames): Container {
  const whole = pod && { ...pod, name: names.pod, namespace: names.namespace }
  return { runtime, id, name: names.name, image: names.image, pod: whole }
}
