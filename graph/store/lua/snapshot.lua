-- All that a reader needs, of one instant. KEYS: meta, transitions, log, actions, action order. ARGV: prefix of resources, layout.
-- Returns {epoch, seq, transitions_from, log_from, resources (field, value …), transitions, log, actions (oldest first),
-- history_since, history_lost}; {stored layout} where that is another; false while nothing is loaded.
local meta = redis.call(
  'HMGET', KEYS[1], 'epoch', 'seq', 'generation', 'layout', 'transitions_from', 'log_from', 'history_since', 'history_lost'
)
if not meta[1] or not meta[3] then return false end
if meta[4] ~= ARGV[2] then return {meta[4] or ''} end
local actions = {}
for _, id in ipairs(redis.call('LRANGE', KEYS[5], 0, -1)) do
  table.insert(actions, 1, redis.call('HGET', KEYS[4], id))
end
return {
  meta[1], meta[2], meta[5] or '0', meta[6] or '0',
  redis.call('HGETALL', ARGV[1] .. meta[3]),
  redis.call('XRANGE', KEYS[2], '-', '+'),
  redis.call('XRANGE', KEYS[3], '-', '+'),
  actions, meta[7] or '', meta[8] or '0',
}
