-- Removes all of a cluster. KEYS: clusters, forgotten, meta, then the cluster's other keys. ARGV: prefix of resources, milliseconds
-- after which a silent writer is gone, name, prefix of what was asked. Who claims the name from now on enters it again.
-- Returns "OK", "WRITTEN" while a leader writes, or "NONE" where there is no such cluster.
local meta = redis.call('HMGET', KEYS[3], 'beaten', 'epoch', 'generation', 'former')
if meta[1] then
  local time = redis.call('TIME')
  local silent = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) - tonumber(meta[1])
  -- a clock that was set back makes the dead look alive: their last word is of the future
  if math.abs(silent) < tonumber(ARGV[2]) then return 'WRITTEN' end
end
-- Found here and not by the caller: an action that is asked for in between would be remembered and never done. And before
-- anything is removed, should the right be missing. Names are no patterns, so they are compared.
local asked, page = {}, { '0' }
repeat
  page = redis.call('SCAN', page[1], 'MATCH', 'statusgraph:*', 'COUNT', '1000')
  for _, key in ipairs(page[2]) do
    if string.sub(key, 1, #ARGV[4]) == ARGV[4] then table.insert(asked, key) end
  end
until page[1] == '0'
if redis.call('SREM', KEYS[1], ARGV[3]) == 0 and not meta[2] then return 'NONE' end
for at = 2, 4 do
  if meta[at] then redis.call('UNLINK', ARGV[1] .. meta[at]) end
end
redis.call('UNLINK', unpack(KEYS, 3))
for _, key in ipairs(asked) do redis.call('UNLINK', key) end
redis.call('SADD', KEYS[2], ARGV[3])
return 'OK'
