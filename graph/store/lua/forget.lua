-- Removes all of a cluster. KEYS: clusters, forgotten, meta, then the cluster's other keys. ARGV: prefix of resources, milliseconds
-- after which a silent writer is gone, name. Who claims the name from now on enters it again.
-- Returns "OK", "WRITTEN" while a leader writes, or "NONE" where there is no such cluster.
local meta = redis.call('HMGET', KEYS[3], 'beaten', 'epoch', 'generation', 'former')
if meta[1] then
  local time = redis.call('TIME')
  local silent = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) - tonumber(meta[1])
  if silent < tonumber(ARGV[2]) then return 'WRITTEN' end
end
if redis.call('SREM', KEYS[1], ARGV[3]) == 0 and not meta[2] then return 'NONE' end
for at = 2, 4 do
  if meta[at] then redis.call('UNLINK', ARGV[1] .. meta[at]) end
end
redis.call('UNLINK', unpack(KEYS, 3))
redis.call('SADD', KEYS[2], ARGV[3])
return 'OK'
