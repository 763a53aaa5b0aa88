-- The leader says how fresh it is. KEYS: meta, lost. ARGV: epoch, term, seq, state, observed, by how many milliseconds that is past.
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'term', 'seq')
if meta[1] ~= ARGV[1] then return {'EPOCH'} end
if meta[2] ~= ARGV[2] then return {'FENCED', meta[2]} end
if tonumber(meta[3]) < tonumber(ARGV[3]) then return {'SEQ', meta[3]} end
if redis.call('GET', KEYS[2]) == ARGV[1] then return {'LOST'} end -- more was read of it than is here
local time = redis.call('TIME') -- the one clock that the operator and every api have in common
local now = string.format('%d', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000))
local info = redis.pcall('INFO', 'replication')
local line = type(info) == 'string' and string.match(info, 'master_replid:(%w+)') or ''
redis.call('HSET', KEYS[1], 'state', ARGV[4], 'observed', ARGV[5], 'behind', ARGV[6], 'beaten', now, 'line', line)
return {'OK'}
