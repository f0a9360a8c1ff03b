-- POSTs the JSON bodies of a file, one a line, in turn to the URL:  wrk -s bodies.lua URL -- FILE
local requests, number = {}, 0

function init(arguments)
   wrk.headers["Content-Type"] = "application/json"
   for body in io.lines(arguments[1]) do
      requests[#requests + 1] = wrk.format("POST", nil, nil, body)
   end
end

function request()
   number = number % #requests + 1
   return requests[number]
end

local diagnose = os.getenv("BENCHMARK_DIAGNOSE")
if diagnose then dofile(diagnose) end
