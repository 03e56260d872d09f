-- Breakers for all replicas: app/routing/breaker.py, step by step, in one atomic move.
-- KEYS     the breakers
-- ARGV[1]  now; '' asks this server
-- ARGV[2]  rules (JSON)
-- ARGV[3]  channel on which a change of state is told
-- ARGV[4…] for each key its steps (JSON), of which each is one of
--            ["look"]  ["ask", permit]  ["tell", outcome, permit, retry_after, chance]  ["force", state]
-- Gives for each key how it stands after them (JSON); `allowed` is about the last step.
local rules = cjson.decode(ARGV[2])
local now = tonumber(ARGV[1])
if not now then
    local t = redis.call('TIME')
    now = tonumber(t[1]) + tonumber(t[2]) / 1e6
end
local b, allowed

local function fresh(state)
    return {state = state or 'closed', window = {}, ['until'] = 0, opens = 0, leases = {}, era = 0, probes = {0, 0, 0}}
end

-- Times are kept as text: cjson would round them.
local function loaded(text)
    local kept = cjson.decode(text)
    kept['until'] = 0 + kept['until']
    for _, lease in ipairs(kept.leases) do lease[2] = 0 + lease[2] end
    assert(type(kept.state) == 'string' and kept.window and kept.opens and kept.era and kept.probes)
    return kept
end

local function packed()
    local leases = {}
    for n, lease in ipairs(b.leases) do leases[n] = {lease[1], string.format('%.17g', lease[2]), lease[3]} end
    return cjson.encode({
        state = b.state, window = b.window, ['until'] = string.format('%.17g', b['until']),
        opens = b.opens, leases = leases, era = b.era, probes = b.probes,
    })
end

local function number(value) return type(value) == 'number' and value or 0 end

local function asked(told)
    local seconds = number(told.retry_after)
    return seconds > 0 and math.min(seconds, rules.retry_after_limit) or 0
end

local function bad(calls, least)
    if calls[1] < least then return false end
    return calls[2] >= rules.failure_rate * calls[1] or calls[3] >= rules.slow_rate * calls[1]
end

local function plus(calls, outcome)
    local failed = (outcome == 'failed' or outcome == 'late') and 1 or 0
    local slow = (outcome == 'slow' or outcome == 'late') and 1 or 0
    return {calls[1] + 1, calls[2] + failed, calls[3] + slow}
end

local function window_at(slot)
    local window = {}
    for _, one in ipairs(b.window) do
        if math.abs(one[1] - slot) < rules.buckets then window[#window + 1] = one end
    end
    return window
end

local function sum(window)
    local total = {0, 0, 0}
    for _, one in ipairs(window) do
        for n = 1, 3 do total[n] = total[n] + one[n + 1] end
    end
    return total
end

local function live()
    local leases = {}
    for _, lease in ipairs(b.leases) do
        local left = lease[2] - now
        if left > 0 and left <= 2 * rules.lease then leases[#leases + 1] = lease end
    end
    return leases
end

local function rest()
    if b.state == 'open' then
        local left = b['until'] - now
        local longest = math.max(rules.longest, rules.refused_for, rules.retry_after_limit)
        return left > 0 and left <= 2 * longest and left or 0
    end
    if b.state ~= 'half_open' then return 0 end
    local leases, first = live(), nil
    if #leases + b.probes[1] < rules.permits then return 0 end
    for _, lease in ipairs(leases) do first = math.min(first or lease[2], lease[2]) end
    return first and first - now or 0
end

local function ask(permit)
    if b.state == 'forced_open' then return false end
    if b.state == 'open' then
        if rest() > 0 then return false end
        b.state, b.probes = 'half_open', {0, 0, 0}
    end
    if b.state ~= 'half_open' then return true end
    b.leases = live()
    if #b.leases + b.probes[1] >= rules.permits then return false end
    b.leases[#b.leases + 1] = {permit, now + rules.lease, b.era}
    return true
end

local function open(opens, till)
    local before = b
    b = fresh('open')
    b.opens, b['until'], b.leases, b.era = opens, till, before.leases, before.era + 1
end

local function opened(told)
    local opens = b.opens + 1
    local wait = math.min(rules.open_for * opens, rules.longest) * (1 + rules.jitter * (2 * told.chance - 1))
    open(opens, now + math.max(wait, asked(told)))
end

local function shut(told)
    local wait = asked(told)
    if told.outcome == 'refused' then wait = rules.refused_for elseif wait == 0 then wait = rules.busy_for end
    if b.state == 'open' then b['until'] = math.max(b['until'], now + wait) else open(b.opens, now + wait) end
end

local function counted(told)
    local slot = math.floor(now / rules.bucket)
    b.window = window_at(slot)
    local newest = b.window[#b.window]
    if not newest or newest[1] < slot then newest = {slot, 0, 0, 0} else b.window[#b.window] = nil end
    local calls = plus({newest[2], newest[3], newest[4]}, told.outcome)
    b.window[#b.window + 1] = {newest[1], calls[1], calls[2], calls[3]}
    if b.state == 'closed' and bad(sum(b.window), rules.least_calls) then opened(told) end
end

local function probed(told)
    b.probes = plus(b.probes, told.outcome)
    if b.probes[2] >= rules.failure_rate * rules.permits or bad(b.probes, rules.permits) then
        opened(told)
    elseif b.probes[1] >= rules.permits then
        b = fresh()
    end
end

local function ended(told)
    local others, judged = {}, false
    for _, lease in ipairs(live()) do
        if lease[1] ~= told.permit then others[#others + 1] = lease
        elseif lease[3] == b.era then judged = true end
    end
    b.leases = others
    if told.outcome == 'neutral' then return end
    if told.outcome == 'busy' or told.outcome == 'refused' then return shut(told) end
    if b.state == 'open' then
        b['until'] = math.max(b['until'], now + asked(told))
    elseif judged then
        probed(told)
    end
end

local function tell(told)
    local at_once = told.outcome == 'busy' or told.outcome == 'refused'
    if b.state == 'open' or b.state == 'half_open' then return ended(told) end
    if told.outcome == 'neutral' then return end
    if b.state == 'closed' and at_once then return shut(told) end
    if not at_once and (b.state == 'closed' or b.state == 'metrics_only') then counted(told) end
end

local function step(one)
    if one[1] == 'ask' then
        allowed = ask(one[2])
    elseif one[1] == 'tell' then
        tell({outcome = one[2], permit = one[3], retry_after = one[4], chance = one[5]})
    elseif one[1] == 'force' then
        b = fresh(one[2])
    end
end

local function standing()
    local calls = sum(window_at(math.floor(now / rules.bucket)))
    return cjson.encode({
        allowed = allowed, state = b.state, rest = rest(), opens = b.opens,
        calls = calls[1], failed = calls[2], slow = calls[3], at = string.format('%.6f', now),
    })
end

-- What another replica would have to know: whether, and from when on, somebody is let through.
local function gist() return b.state .. string.format('%.17g', b['until']) .. tostring(rest() > 0) end

local standings = {}
for n, key in ipairs(KEYS) do
    local _, kept = pcall(redis.call, 'GET', key)
    local sound, breaker = pcall(loaded, kept)
    b, allowed = sound and breaker or fresh(), true
    local before, was = packed(), gist()
    for _, one in ipairs(cjson.decode(ARGV[n + 3])) do step(one) end
    local after = packed()
    if after ~= before then
        -- An operator's word stays until it is taken back; anything else is stale when nobody has called for so long.
        local lasting = b.state == 'forced_open' or b.state == 'disabled' or b.state == 'metrics_only'
        redis.call('SET', key, after, 'EX', lasting and 31536000 or 86400)
    end
    standings[n] = standing()
    if gist() ~= was then redis.pcall('PUBLISH', ARGV[3], standings[n] .. '\n' .. key) end
end
return standings
