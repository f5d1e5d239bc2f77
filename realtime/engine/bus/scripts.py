"""What Redis does in one step: say something in a place, and read what was said there since."""

KEEP_SECONDS = b"86400"
# KEYS at, log; ARGV channel, a fresh epoch, envelope, how many to keep, for how long
SAY = """
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if not epoch then
  epoch = ARGV[2]
  redis.call('DEL', KEYS[1], KEYS[2])
  redis.call('HSET', KEYS[1], 'epoch', epoch)
end
local seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[4], seq .. '-0', 'e', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[5])
redis.call('EXPIRE', KEYS[2], ARGV[5])
redis.call('PUBLISH', ARGV[1], epoch .. ' ' .. seq .. ' ' .. ARGV[3])
return seq
"""
# KEYS at, log; ARGV the sequence heard last; → epoch, sequence, what was said since
SINCE = """
local at = redis.call('HMGET', KEYS[1], 'epoch', 'seq')
return {at[1] or '', tonumber(at[2] or 0), redis.call('XRANGE', KEYS[2], (ARGV[1] + 1) .. '-0', '+')}
"""
