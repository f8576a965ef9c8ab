import assert from "node:assert/strict"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { after, test } from "node:test"
import fc from "fast-check"
import { cgroupPaths, containerOfPath } from "./cgroupPath.ts"
import { cgroupFolder, cgroupId, cgroupMount } from "./cgroups.ts"
import { Containers } from "./container.ts"
import { namespaceOf, numbersOf, outerPid, ownPid } from "./namespaces.ts"

const top = mkdtempSync(join(tmpdir(), "skep-containers-"))
after(() => rmSync(top, { recursive: true }))

/** Writes files below the folder of this test: by path, text or JSON. */
function files(all: Readonly<Record<string, unknown>>): void {
  for (const [path, content] of Object.entries(all)) {
    mkdirSync(dirname(join(top, path)), { recursive: true })
    writeFileSync(join(top, path), typeof content === "string" ? content : JSON.stringify(content))
  }
}

const id = (digit: string): string => digit.repeat(64)
const UID = "11111111-2222-3333-4444-555555555555"
const groups = join(top, "cgroup")
const places = { proc: join(top, "proc"), root: top, cgroups: groups }

files({
  [`var/lib/docker/containers/${id("1")}/config.v2.json`]: {
    Name: "/web",
    Config: {
      Image: "nginx:1",
      Labels: { "io.kubernetes.pod.name": "front-0", "io.kubernetes.pod.namespace": "shop" },
    },
  },
  "var/lib/containers/storage/overlay-containers/containers.json": [
    { id: id("9"), names: ["other"] },
    { id: id("2"), names: ["cache"], metadata: '{"image-name":"redis:7"}' },
  ],
  [`run/containerd/io.containerd.runtime.v2.task/k8s.io/${id("3")}/config.json`]: {
    annotations: {
      "io.kubernetes.cri.container-name": "db",
      "io.kubernetes.cri.image-name": "postgres:16",
      "io.kubernetes.cri.sandbox-name": "db-0",
      "io.kubernetes.cri.sandbox-namespace": "shop",
    },
  },
  [`var/lib/docker/containers/${id("4")}/config.v2.json`]: "{ not JSON",
  [`var/lib/docker/containers/${id("5")}/config.v2.json`]: '{"Name":7,"Config":[]}',
  "proc/10/cgroup": `0::/docker/${id("1")}\n`,
  "proc/10/status": "Name:\tweb\nNSpid:\t10\t7\t1\nThreads:\t1\n",
  "proc/11/cgroup": "0::/system.slice/ssh.service\n",
  "proc/11/status": "Name:\tssh\n",
  [`cgroup/docker/${id("1")}/cgroup.procs`]: "",
  [`cgroup/machine.slice/libpod-${id("2")}.scope/cgroup.procs`]: "",
  [`cgroup/kubepods/burstable/pod${UID}/${id("3")}/cgroup.procs`]: "",
  [`cgroup/docker/${id("4")}/cgroup.procs`]: "",
  [`cgroup/docker/${id("5")}/cgroup.procs`]: "",
  "cgroup/system.slice/cgroup.procs": "",
})

test("a process's container, with the name that its runtime gave it", () => {
  const containers = new Containers(places)
  const web = containers.ofPid(10)
  assert.deepEqual([web?.runtime, web?.id, web?.name, web?.image], ["docker", id("1"), "web", "nginx:1"])
  assert.equal(containers.ofPid(10), web)
  assert.equal(containers.ofPid(11), undefined)
  assert.equal(containers.ofPid(12), undefined)
})

for (const [folder, name, image] of [
  [`docker/${id("1")}`, "web", "nginx:1"],
  [`machine.slice/libpod-${id("2")}.scope`, "cache", "redis:7"],
  [`kubepods/burstable/pod${UID}/${id("3")}`, "db", "postgres:16"],
  [`docker/${id("4")}`, undefined, undefined],
  [`docker/${id("5")}`, undefined, undefined],
] as const) {
  test(`a control group's container by its number: ${folder.replace(/\d{64}/, "ID")} is ${name ?? "without a name"}`, () => {
    const number = cgroupId(join(groups, folder)) as bigint
    assert.equal(cgroupFolder(number, groups), join(groups, folder))
    const found = new Containers(places).ofCgroup(number)
    assert.deepEqual([found?.id, found?.name, found?.image], [folder.match(/\d{64}/)?.[0], name, image])
  })
}

test("a pod's container has the names of the pod", () => {
  const number = cgroupId(join(groups, `kubepods/burstable/pod${UID}/${id("3")}`)) as bigint
  const pod = new Containers(places).ofCgroup(number)?.pod
  assert.deepEqual(pod, { uid: UID, qos: "burstable", name: "db-0", namespace: "shop" })
})

test("a group that is gone keeps its container, one that is not known has none", () => {
  const containers = new Containers(places)
  const folder = join(groups, "docker", id("6"))
  mkdirSync(folder)
  const number = cgroupId(folder) as bigint
  assert.equal(containers.ofCgroup(number)?.id, id("6"))
  rmSync(folder, { recursive: true })
  assert.equal(containers.ofCgroup(number)?.id, id("6"))
  assert.equal(new Containers(places).ofCgroup(number), undefined)
  assert.equal(containers.ofCgroup(cgroupId(join(groups, "system.slice")) as bigint), undefined)
  assert.equal(cgroupId(join(groups, "none")), undefined)
})

test("where control groups are mounted", () => {
  assert.equal(cgroupMount("proc /proc proc rw 0 0\ncgroup2 /sys/fs/my\\040group cgroup2 rw 0 0\n"), "/sys/fs/my group")
  assert.equal(cgroupMount(""), undefined)
})

test("numbers of a process in namespaces of processes", () => {
  assert.equal(ownPid(10, places.proc), 1)
  assert.equal(ownPid(11, places.proc), undefined)
  assert.equal(ownPid(process.pid), numbersOf(`NSpid:\t${process.pid}\n`)[0])
  assert.equal(outerPid(process.pid, process.pid), process.pid)
  assert.equal(outerPid(1, 10, places.proc), undefined)
  assert.ok((namespaceOf("pid")?.inode ?? 0n) > 0n)
  assert.equal(namespaceOf("mnt", 11, places.proc), undefined)
})

test("any text of the kernel gives paths and numbers, and no error", () => {
  const line = fc.oneof(
    fc.string(),
    fc.stringMatching(/^\d*:[a-z]*:\/[a-z0-9/:.-]*$/),
    fc.constant(`0::/docker/${id("1")}`),
  )
  const text = fc.array(line).map(lines => lines.join("\n"))
  fc.assert(
    fc.property(text, all => {
      for (const path of cgroupPaths(all)) {
        assert.ok(path.startsWith("/"))
        containerOfPath(path)
      }
      for (const number of numbersOf(all)) assert.ok(number >= 0)
    }),
    { numRuns: 500 },
  )
})
