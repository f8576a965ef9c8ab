/**
 * The compressed kernel inside a bzImage (kernel: Documentation/arch/x86/boot.rst, protocol 2.08 and later).
 * An emulated machine takes seconds to unpack it; QEMU starts the unpacked one directly.
 *
 *     0x1f1 setup_sects (u8, 512-byte sectors after the first) | 0x202 "HdrS" | 0x206 version (u16)
 *     0x248 payload_offset (u32, from the end of the setup sectors) | 0x24c payload_length (u32)
 *     payload: compressed kernel, its unpacked size (u32)
 */
export function compressedKernel(image: Buffer): { format: "xz" | "other"; data: Buffer } | undefined {
  if (image.length < 0x250 || image.toString("latin1", 0x202, 0x206) !== "HdrS" || image.readUInt16LE(0x206) < 0x208) {
    return undefined
  }
  const start = (image[0x1f1]! + 1) * 512 + image.readUInt32LE(0x248)
  const data = image.subarray(start, start + image.readUInt32LE(0x24c) - 4)
  return { format: data.subarray(0, 6).equals(xzMark) ? "xz" : "other", data }
}

const xzMark = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])
