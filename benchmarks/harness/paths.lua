-- GETs the paths of a file, one a line, in turn:  wrk -s paths.lua URL -- FILE
local requests, number = {}, 0

function init(arguments)
   for path in io.lines(arguments[1]) do
      requests[#requests + 1] = wrk.format("GET", path)
   end
end

function request()
   number = number % #requests + 1
   return requests[number]
end

local diagnose = os.getenv("BENCHMARK_DIAGNOSE")
if diagnose then dofile(diagnose) end
