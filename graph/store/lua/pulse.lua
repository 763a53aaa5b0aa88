-- What the leader last said. KEYS: meta. Returns {epoch, seq, state, observed, generation, behind, beaten, milliseconds since
-- then}, each of them false where there is none.
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'seq', 'state', 'observed', 'generation', 'behind', 'beaten')
if meta[7] then
  local time = redis.call('TIME')
  meta[8] = string.format('%d', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) - tonumber(meta[7]))
end
return {meta[1], meta[2], meta[3], meta[4], meta[5], meta[6], meta[7], meta[8] or false}
