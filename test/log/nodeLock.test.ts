import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { nodeEnv } from '../../src/env/node.ts'
import { DatabaseError } from '../../src/errors.ts'
import { openLog, type CommitLog } from '../../src/storage/log/log.ts'
import { RecordingReplay } from '../simulation/logWorld.ts'

const nodeEnvModule = path.resolve(import.meta.dirname, '../../src/env/node.ts')

let root: string
beforeEach(() => void (root = fs.mkdtempSync(path.join(os.tmpdir(), 'isolde-log-'))))
afterEach(() => fs.rmSync(root, { recursive: true, force: true }))

function open(directory: string, replay = new RecordingReplay(), durable: () => void = () => undefined): CommitLog {
  return openLog(nodeEnv, directory, { durable, failed: () => undefined }, replay)
}

function errorOf(work: () => unknown): Pick<DatabaseError, 'code' | 'message' | 'hint'> {
  try {
    work()
  } catch (error) {
    if (error instanceof DatabaseError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('a database directory', () => {
  test('is made with its parents, holds two files, and reopens', () => {
    const directory = path.join(root, 'a/b')
    const log = open(directory)
    log.append(1, (sink) => sink.insert(1, 1, ['x']))
    log.syncNow()
    expect(fs.readdirSync(directory).sort()).toEqual(['lock', 'redo.log'])
    log.close()
    const replay = new RecordingReplay()
    open(directory, replay).close()
    expect(replay.transactions).toEqual([{ timestamp: 1, records: [['insert', 1, 1, ['x']]] }])
  })

  test('opens once in this process, by whatever path, and again after close', () => {
    const log = open(path.join(root, 'db'))
    fs.symlinkSync(path.join(root, 'db'), path.join(root, 'alias'))
    for (const name of ['db', 'alias', '../' + path.basename(root) + '/db']) {
      const error = errorOf(() => open(path.join(root, name)))
      expect(error.code).toBe('55006')
      expect(error.message).toMatch(/^database directory ".*" is in use$/)
      expect(error.hint).toContain('This process has it open')
    }
    log.close()
    open(path.join(root, 'alias')).close()
  })

  test('is held against another process until that process is killed', async () => {
    fs.mkdirSync(path.join(root, 'db'))
    const script = `
      const { nodeEnv } = await import(${JSON.stringify(nodeEnvModule)})
      nodeEnv.files.lock(${JSON.stringify(path.join(root, 'db'))})
      gc() // nobody refers to the lock: it must hold even so
      console.log('locked')
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--expose-gc', '--no-warnings', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    await new Promise((resolve) => child.stdout.once('data', resolve))
    const ended = new Promise((resolve) => child.once('exit', resolve))
    try {
      const error = errorOf(() => open(path.join(root, 'db')))
      expect([error.code, error.hint]).toEqual(['55006', expect.stringContaining('Another process')])
    } finally {
      child.kill('SIGKILL')
    }
    await ended
    open(path.join(root, 'db')).close()
  })

  test('is not made of one that holds something else', () => {
    fs.writeFileSync(path.join(root, 'thesis.tex'), 'years of work')
    const error = errorOf(() => open(root))
    expect([error.code, error.message]).toEqual([
      '55000',
      expect.stringContaining('is not empty and holds no Isolde database'),
    ])
    expect(fs.readdirSync(root)).toEqual(['thesis.tex'])
  })

  test('that cannot be made is an error that names it', () => {
    fs.writeFileSync(path.join(root, 'file'), '')
    const error = errorOf(() => open(path.join(root, 'file/db')))
    expect(error.code).toBe('58030')
    expect(error.message).toContain(path.join(root, 'file/db'))
  })
})

test('concurrent commits share asynchronous syncs on real files', async () => {
  let heard = 0
  let done: () => void = () => undefined
  const finished = new Promise<void>((resolve) => (done = resolve))
  const log = open(path.join(root, 'db'), new RecordingReplay(), () => {
    heard++
    if (log.durableLsn === log.appendedLsn) done()
  })
  for (let timestamp = 1; timestamp <= 100; timestamp++) {
    log.append(timestamp, (sink) => sink.delete(1, timestamp))
    log.requestSync()
  }
  expect(log.durableLsn).toBe(8192)
  await finished
  expect(log.durableLsn).toBe(log.appendedLsn)
  expect(heard).toBeLessThanOrEqual(2)
  log.append(101, (sink) => sink.delete(1, 101))
  log.requestSync()
  log.close()
  expect(log.durableLsn).toBe(log.appendedLsn)
})
