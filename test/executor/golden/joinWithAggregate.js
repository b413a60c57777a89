// scan customers → filter → hash table table2
function scan_customers(run) {
  const scan = run.scans[0]
  const morsel = scan.morsel
  const view = run.view
  let budget = run.budget, from = run.from
  const p0 = run.parameters[0]
  const table2 = run.buffers[2]
  for (;;) {
    if (!scan.next(from, view)) return run.end(from, budget)
    if (morsel.layout !== k0) return run.relayout(from, budget)
    const { start, end, baseRowId: base, live } = morsel
    const a0s = morsel.columns[0] // id
    const a1s = morsel.columns[1] // segment
    for (let i = start; i < end; i++) {
      if (budget-- <= 0) return run.pause(base + i)
      if (live !== null && live[i] === 0) continue
      const a1 = a1s[i]
      if (!(p0 !== null && a1 === p0)) continue
      const a0 = a0s[i]
      table2.insert(a0)
    }
    from = base + end
  }
}

// scan orders → filter → inner join with table2 → aggregate into groups1
function scan_orders(run) {
  const scan = run.scans[1]
  const morsel = scan.morsel
  const view = run.view
  let budget = run.budget, from = run.from
  let i = 0, end = 1, base = from - 1, live = null // one round for the parked row
  let a0s, a1s, a2s, a3s
  const table2 = run.buffers[2]
  const next2 = table2.next
  const groups1 = run.buffers[1]
  const groups1c0 = groups1.columns[0]
  const counts0 = groups1.counts[0]
  const states1 = groups1.states[1]
  let a2, a1, a3, bAt
  let resume = run.depth
  if (resume > 0) [a2, a1, a3, bAt] = run.saved
  for (;;) {
    if (resume === 0) {
      if (!scan.next(from, view)) return run.end(from, budget)
      if (morsel.layout !== k0) return run.relayout(from, budget)
      i = morsel.start
      end = morsel.end
      base = morsel.baseRowId
      live = morsel.live
      a0s = morsel.columns[0] // id
      a1s = morsel.columns[1] // customer
      a2s = morsel.columns[2] // ordered
      a3s = morsel.columns[3] // total
    }
    for (; i < end; i++) {
      if (resume === 0) {
        if (budget-- <= 0) return run.pause(base + i)
        if (live !== null && live[i] === 0) continue
        a2 = a2s[i]
        if (!(a2 < 9204)) continue
        a1 = a1s[i]
        a3 = a3s[i]
        bAt = table2.head(a1)
      }
      // matches in table2
      for (;;) {
        resume = 0
        if (budget-- <= 0) return run.park(1, base + i + 1, [a2, a1, a3, bAt])
        if (bAt < 0) break
        const bRow = bAt
        bAt = next2[bAt]
        const groupKey = a1
        let group = groups1.find(groupKey)
        if (group < 0) {
          group = groups1.create(groupKey)
          groups1c0.push(a1)
        }
        counts0[group]++ // count
        states1[group].step(a3) // sum
      }
    }
    from = base + end
  }
}

// groups of groups1 → sorter0
function groups(run) {
  const groups1 = run.buffers[1]
  const end = groups1.count
  let budget = run.budget, i = run.from
  const sorter0 = run.buffers[0]
  const groups1c0 = groups1.columns[0]
  const sorter0c0 = sorter0.columns[0]
  const sorter0c1 = sorter0.columns[1]
  const sorter0c2 = sorter0.columns[2]
  for (; i < end; i++) {
    if (budget-- <= 0) return run.pause(i)
    const a0 = groups1c0[i]
    const a1 = groups1.counts[0][i]
    const a2 = groups1.states[1][i].final()
    const slot = sorter0.slot
    sorter0c0[slot] = a0
    sorter0c1[slot] = a1
    sorter0c2[slot] = a2
    sorter0.accept()
  }
  return run.leave(budget)
}

// the order of the sort keys
function order(buffer) {
  const keys0 = buffer.columns[2]
  return (a, b) => {
    const x0 = keys0[a], y0 = keys0[b]
    if (x0 !== y0) {
      if (x0 === null) return -1
      if (y0 === null) return 1
      return x0 < y0 ? 1 : -1
    }
    return 0
  }
}

// sorted rows of sorter0 → limit → result
function sorted_rows(run) {
  const limit0 = run.limits[0]
  if (limit0.remaining === 0) return run.leave(run.budget)
  const sorter0 = run.buffers[0]
  const end = sorter0.order.length
  let budget = run.budget, i = run.from
  const sorter0c0 = sorter0.columns[0]
  const sorter0c1 = sorter0.columns[1]
  const sorter0c2 = sorter0.columns[2]
  const rows = run.rows
  for (; i < end; i++) {
    if (budget-- <= 0) return run.pause(i)
    const r = sorter0.order[i]
    if (limit0.skip > 0) {
      limit0.skip--
      continue
    }
    row0: {
      const a0 = sorter0c0[r]
      const a1 = sorter0c1[r]
      const a2 = sorter0c2[r]
      if ((rows.push({ [k1]: a0, [k2]: a1, [k3]: a2 === null ? null : k0(a2) }) & 255) === 0) budget = run.rowsGrew(budget)
    }
    if (--limit0.remaining === 0) return run.leave(budget)
  }
  return run.leave(budget)
}
