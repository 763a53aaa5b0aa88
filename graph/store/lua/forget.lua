-- Removes all of a cluster. KEYS: meta, then its other keys. ARGV: prefix of resources, milliseconds after which a silent writer
-- is gone. Returns "OK", or "WRITTEN" while a leader writes.
local meta = redis.call('HMGET', KEYS[1], 'beaten', 'epoch', 'generation', 'former')
if meta[1] then
  local time = redis.call('TIME')
  local silent = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) - tonumber(meta[1])
  if silent < tonumber(ARGV[2]) then return 'WRITTEN' end
end
for at = 2, 4 do
  if meta[at] then redis.call('UNLINK', ARGV[1] .. meta[at]) end
end
redis.call('UNLINK', unpack(KEYS))
return 'OK'
