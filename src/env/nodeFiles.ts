/** `Files` on node:fs. Reads, writes and renames are synchronous; only fdatasync may go through libuv's thread pool. */
import fs from 'node:fs'
import path from 'node:path'
import type { File, Files } from './env.ts'
import { lockDirectory } from './nodeLock.ts'

const FLAGS = { read: 'r', write: 'r+', create: 'w+' } as const

class NodeFile implements File {
  private readonly descriptor: number

  constructor(descriptor: number) {
    this.descriptor = descriptor
  }

  size(): number {
    return fs.fstatSync(this.descriptor).size
  }

  read(offset: number, into: Uint8Array): number {
    let done = 0
    while (done < into.length) {
      const count = fs.readSync(this.descriptor, into, done, into.length - done, offset + done)
      if (count === 0) break
      done += count
    }
    return done
  }

  write(offset: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      done += fs.writeSync(this.descriptor, bytes, done, bytes.length - done, offset + done)
    }
  }

  truncate(size: number): void {
    fs.ftruncateSync(this.descriptor, size)
  }

  sync(): void {
    fs.fdatasyncSync(this.descriptor)
  }

  syncAsync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.fdatasync(this.descriptor, (error) => (error === null ? resolve() : reject(error)))
    })
  }

  close(): void {
    fs.closeSync(this.descriptor)
  }
}

function syncDirectory(directory: string): void {
  // Windows has no fsync of directories; NTFS logs its metadata.
  if (process.platform === 'win32') return
  const descriptor = fs.openSync(directory, 'r')
  try {
    fs.fsyncSync(descriptor)
  } finally {
    fs.closeSync(descriptor)
  }
}

function makeDirectory(directory: string): void {
  const absolute = path.resolve(directory)
  if (fs.statSync(absolute, { throwIfNoEntry: false })?.isDirectory() === true) return
  const parent = path.dirname(absolute)
  // One by one: Node's `recursive` does not end where a parent is there and refuses with ENOENT (/proc).
  if (!fs.existsSync(parent)) makeDirectory(parent)
  try {
    fs.mkdirSync(absolute)
  } catch (error) {
    // Somebody else was faster.
    if (fs.statSync(absolute, { throwIfNoEntry: false })?.isDirectory() !== true) throw error
    return
  }
  // The directory is named in its parent: the name must be durable.
  syncDirectory(parent)
}

export const nodeFiles: Files = {
  makeDirectory,
  list: (directory) => fs.readdirSync(directory),
  exists: (name) => fs.existsSync(name),
  open: (name, mode) => new NodeFile(fs.openSync(name, FLAGS[mode])),
  remove: (name) => fs.unlinkSync(name),
  rename: (from, to) => fs.renameSync(from, to),
  syncDirectory,
  lock: lockDirectory,
}
