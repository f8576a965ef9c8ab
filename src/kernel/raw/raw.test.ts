import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { closeSync, openSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { fileURLToPath } from "node:url"
import { childEnv, childScenarios, kernel, needsRoot, object, runChild } from "../../../tests/support/kernel.ts"
import { SkepError } from "../../base/index.ts"
import { setMemlock } from "../host/index.ts"
import { errnoName } from "./errno.ts"
import { EBADF, type Sys, setSys, sys } from "./index.ts"
import { syscallNumbers } from "./sys.ts"

const scenarios = {
  memlock() {
    const done = setMemlock()
    const limits = /^Max locked memory\s+(\S+)\s+(\S+)/m.exec(readFileSync("/proc/self/limits", "utf8"))
    console.log(`${done} ${limits?.[1]} ${limits?.[2]}`)
  },
  call: () => void sys(),
  elsewhere() {
    Object.defineProperty(process, "platform", { value: "darwin" })
    sys()
  },
  replaced() {
    const calls: number[] = []
    const none: Sys = {
      numbers: { ...sys().numbers, bpf: 321 },
      call: number => {
        calls.push(number)
        return -38
      },
      address: () => 0,
      view: () => new Uint8Array(0),
      watch: () => ({ keepAlive() {}, close() {} }),
    }
    setSys(none)
    try {
      const spec = {
        name: "m",
        type: "hash",
        keySize: 4,
        valueSize: 4,
        maxEntries: 1,
        flags: 0,
        keyType: 0,
        valueType: 0,
      }
      kernel().load(object({ maps: [spec] }))
    } catch (error) {
      if (!(error instanceof SkepError) || error.errno !== 38) throw error
    }
    console.log(`calls: ${calls}`)
  },
}

if (!childScenarios(scenarios)) {
  const GETPID = process.arch === "x64" ? 39 : 172

  test("a system call returns what the kernel returns", () => {
    assert.equal(sys().call(GETPID, 0), process.pid)
  })

  test("a failed call returns the negated error number", () => {
    assert.equal(sys().call(sys().numbers.close, -1), -EBADF)
  })

  test("an address is that of the first byte, also inside a larger buffer", () => {
    const whole = new Uint8Array(16)
    const base = sys().address(whole)
    assert.ok(base > 0)
    assert.equal(sys().address(whole.subarray(5)), base + 5)
    assert.equal(sys().address(whole), base)
    assert.equal(sys().address(new Uint8Array(0)), 0)
  })

  test("mapped memory is seen through a view", () => {
    const { call, numbers, view } = sys()
    const fd = openSync(process.execPath, "r")
    const address = call(numbers.mmap, 0, 4096, 1, 2, fd, 0)
    closeSync(fd)
    assert.ok(address > 0)
    assert.deepEqual([...view(address, 4)], [0x7f, 0x45, 0x4c, 0x46])
    assert.equal(call(numbers.munmap, address, 4096), 0)
  })

  for (const [errno, name] of [
    [1, "EPERM"],
    [11, "EAGAIN"],
    [95, "EOPNOTSUPP"],
    [524, "ENOTSUPP"],
    [9999, "errno 9999"],
  ] as const) {
    test(`error ${errno} is ${name}`, () => assert.equal(errnoName(errno), name))
  }

  test("every supported processor has its numbers, and no other", () => {
    assert.equal(syscallNumbers("x64")?.bpf, 321)
    assert.equal(syscallNumbers("arm64")?.bpf, 280)
    assert.equal(syscallNumbers("mips"), undefined)
  })

  test("the limit of locked memory is lifted as far as it may be", { skip: needsRoot }, () => {
    const script = 'ulimit -S -l 64; exec "$0" "$1"'
    const child = spawnSync("sh", ["-c", script, process.execPath, fileURLToPath(import.meta.url)], {
      env: childEnv("memlock"),
      encoding: "utf8",
    })
    const [raised, soft, hard] = child.stdout.trim().split(" ")
    assert.equal(raised, "true", child.stderr)
    assert.ok(soft === hard && soft !== "65536", child.stdout)
  })

  test("without koffi the error says how to get it", () => {
    const hide =
      'import M from "node:module"; const load = M._load; ' +
      'M._load = (name, ...rest) => { if (name === "koffi") throw new Error("not here\\nat all"); return load(name, ...rest) }'
    const execArgv = ["--import", `data:text/javascript,${encodeURIComponent(hide)}`]
    const child = runChild(import.meta.url, "call", { execArgv })
    assert.match(child.stdout, /^KERNEL_NO_FFI: the native module koffi.*\nrun npm install again/, child.stderr)
  })

  test("another system has no system calls for it", () => {
    assert.match(runChild(import.meta.url, "elsewhere").stdout, /^KERNEL_PLATFORM: .* this is darwin on /)
  })

  test("another foreign function interface takes koffi's place", () => {
    assert.equal(runChild(import.meta.url, "replaced").stdout, "calls: 321\n")
  })
}
