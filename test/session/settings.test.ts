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
    expect(settings.defaultReadOnly).toBe(false)
    settings.values = kept
    expect(settings.defaultReadOnly).toBe(true)
  })

  it('accepts what is meant and says what is not', () => {
    const settings = new Settings()
    settings.set('timezone', 'utc', false)
    expect(settings.get('TimeZone')).toBe('UTC')
    settings.set('default_transaction_isolation', 'Snapshot', false)
    expect(settings.defaultIsolation.level).toBe('repeatable read')
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
    expect(code('default_transaction_isolation', 'serializable')).toBe('0A000')
    expect(code('TimeZone', 'Mars')).toBe('0A000')
    expect(settings.all().every(({ name, description }) => name !== '' && description.endsWith('.'))).toBe(true)
  })
})
