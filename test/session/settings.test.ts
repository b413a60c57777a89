/** Settings as layers that a transaction can come back to. */
import { describe, expect, it } from 'vitest'
import { Settings } from '../../src/session/settings.ts'

describe('settings', () => {
  it('a LOCAL value hides the session’s until the transaction ends', () => {
    const settings = new Settings()
    settings.set('application_name', 'session', false)
    settings.set('APPLICATION_NAME', 'local', true)
    expect(settings.get('application_name')).toBe('local')
    settings.dropLocal()
    expect(settings.get('application_name')).toBe('session')
    settings.set('application_name', 'local', true)
    settings.set('application_name', 'later', false)
    expect(settings.get('application_name')).toBe('later')
    settings.reset('application_name')
    expect(settings.get('application_name')).toBe('')
  })

  it('values that were kept can be put back', () => {
    const settings = new Settings()
    settings.set('default_transaction_read_only', 'yes', false)
    const kept = settings.values
    settings.set('default_transaction_read_only', 'off', false)
    settings.reset(null)
    expect(settings.engine.modes.readOnly).toBe(false)
    settings.values = kept
    expect(settings.engine.modes.readOnly).toBe(true)
  })

  it('accepts what is meant and says what is not', () => {
    const settings = new Settings()
    settings.set('timezone', 'utc', false)
    expect(settings.get('TimeZone')).toBe('UTC')
    settings.set('default_transaction_isolation', 'Snapshot', false)
    expect(settings.engine.modes.isolation.level).toBe('repeatable read')
    const code = (name: string, value: string) => {
      try {
        settings.set(name, value, false)
        return null
      } catch (error) {
        return (error as { code: string }).code
      }
    }
    expect(code('nonsense', '1')).toBe('42704')
    expect(code('server_version', '1')).toBe('55P02')
    expect(code('default_transaction_read_only', 'perhaps')).toBe('22023')
    expect(code('default_transaction_isolation', 'chaos')).toBe('22023')
    expect(code('default_transaction_isolation', 'serializable')).toBeNull()
    expect(code('TimeZone', 'Mars')).toBe('0A000')
    expect(settings.all().every(({ name, description }) => name !== '' && description.endsWith('.'))).toBe(true)
  })
})

describe('durations', () => {
  const settings = new Settings()
  const shown = (value: string) => {
    settings.set('lock_timeout', value, false)
    return settings.get('lock_timeout')
  }

  it('take PostgreSQL’s units and are shown in the largest that fits', () => {
    expect(['500', '1000', '90 s', '1.5min', '1h', '36e5', '2 d', '500us', '0', '1001ms'].map(shown)).toEqual([
      ...['500ms', '1s', '90s', '90s', '1h', '1h', '2d', '1ms', '0', '1001ms'],
    ])
    expect(settings.engine.timeouts?.lock).toBe(1001)
  })

  it('refuse what is none', () => {
    for (const value of ['abc', '1 week', '-1', '1e12', '', '1 MS']) {
      expect(() => shown(value), value).toThrow(expect.objectContaining({ code: '22023' }))
    }
    expect(() => settings.set('deadlock_timeout', '0', false)).toThrow(
      '0 ms is outside the valid range for parameter "deadlock_timeout" (1 ms .. 2147483647 ms)',
    )
  })
})
