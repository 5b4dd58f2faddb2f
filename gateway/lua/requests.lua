-- Reads a REST request before the transcoder does, and refuses what is not well-formed or of the wrong type, by the name of
-- the field. The transcoder is lenient (it takes `'`, a comma too many, "yes" for true), repeats the caller's text in its
-- errors, and lets a query parameter override the path. The table MESSAGES comes before this text; it is generated from
-- the protos: for each message its fields, for each field its kind, whether it is a list, and the message it holds.

local DEPTH = 100

local EXPECTED = {
  string = "must be a string", boolean = "must be true or false", number = "must be a number",
  integer = "must be a whole number", object = "must be an object",
}

local function refuse(field, what) error({ field = field, what = what }, 0) end

local function broken(at) refuse(nil, "the body is not JSON: it breaks off or goes wrong at byte " .. at) end

local function skip(text, at) return text:find("[^ \t\r\n]", at) or #text + 1 end

-- The position after the string at `at`, and what stands between its quotes.
local function read_string(text, at)
  local i = at + 1
  while true do
    local hit = text:find('["\\%c]', i)
    if not hit then broken(#text + 1) end
    local c = text:byte(hit)
    if c == 34 then return hit + 1, text:sub(at + 1, hit - 1) end
    if c == 127 then
      i = hit + 1
    elseif c ~= 92 then
      broken(hit)
    elseif text:find('^["\\/bfnrt]', hit + 1) then
      i = hit + 2
    elseif text:find("^u[dD][89abAB]%x%x\\u[dD][c-fC-F]%x%x", hit + 1) then
      i = hit + 12
    elseif text:find("^u%x%x%x%x", hit + 1) and not text:find("^u[dD][89a-fA-F]", hit + 1) then
      i = hit + 6
    else
      broken(hit)
    end
  end
end

local function read_number(text, at)
  local _, stop = text:find("^-?%d+", at)
  if not stop or text:find("^-?0%d", at) then broken(at) end
  local _, fraction = text:find("^%.%d+", stop + 1)
  stop = fraction or stop
  local _, exponent = text:find("^[eE][+-]?%d+", stop + 1)
  return (exponent or stop) + 1
end

local function fits(kind, literal)
  local number = tonumber(literal)
  if not number or not literal:find("^[-%d.eE+]+$") then return false end
  return kind == "number" or (number % 1 == 0 and math.abs(number) < 2 ^ 63)
end

local read_value

local function read_object(text, at, message, path, depth)
  local shape, seen = MESSAGES[message], {}
  local i = skip(text, at + 1)
  if text:byte(i) == 125 then return i + 1 end
  while true do
    if text:byte(i) ~= 34 then broken(i) end
    local name
    i, name = read_string(text, i)
    i = skip(text, i)
    if text:byte(i) ~= 58 then broken(i) end
    local field = shape and shape[name]
    local inner = field and (path and path .. "." .. name or name)
    if field and seen[name] then refuse(inner, "is given twice") end
    seen[name] = true
    i = skip(text, read_value(text, skip(text, i + 1), field, inner, depth))
    local c = text:byte(i)
    if c == 125 then return i + 1 end
    if c ~= 44 then broken(i) end
    i = skip(text, i + 1)
  end
end

local function read_list(text, at, field, path, depth)
  local i = skip(text, at + 1)
  if text:byte(i) == 93 then return i + 1 end
  local item = field and { kind = field.kind, message = field.message }
  while true do
    i = skip(text, read_value(text, i, item, path, depth))
    local c = text:byte(i)
    if c == 93 then return i + 1 end
    if c ~= 44 then broken(i) end
    i = skip(text, i + 1)
  end
end

-- The position after the value at `at`. `field` says what it must be; nil takes any JSON.
function read_value(text, at, field, path, depth)
  if depth > DEPTH then refuse(path, "the body is nested too deep") end
  local c = text:byte(at)
  if c == 110 and text:find("^null", at) then return at + 4 end
  if c == 91 then
    if field and not field.list and field.kind ~= "any" then refuse(path, EXPECTED[field.kind] .. ", not a list") end
    return read_list(text, at, field and field.list and field, path, depth + 1)
  end
  if field and field.list then refuse(path, "must be a list") end
  local kind = field and field.kind or "any"
  local stop, literal
  if c == 123 then
    if kind ~= "any" and kind ~= "object" then refuse(path, EXPECTED[kind]) end
    return read_object(text, at, field and field.message, path, depth + 1)
  elseif c == 34 then
    stop, literal = read_string(text, at)
    -- As protobuf's JSON has it, a number may stand in quotes.
    local numeric = kind == "number" or kind == "integer"
    if kind ~= "any" and kind ~= "string" and not (numeric and fits(kind, literal)) then refuse(path, EXPECTED[kind]) end
  elseif c == 116 and text:find("^true", at) or c == 102 and text:find("^false", at) then
    stop = at + (c == 116 and 4 or 5)
    if kind ~= "any" and kind ~= "boolean" then refuse(path, EXPECTED[kind]) end
  else
    stop = read_number(text, at)
    local numeric = kind == "number" or kind == "integer"
    if kind ~= "any" and not (numeric and fits(kind, text:sub(at, stop - 1))) then refuse(path, EXPECTED[kind]) end
  end
  return stop
end

-- Whether every byte belongs to a well-formed UTF-8 sequence.
local function is_utf8(text)
  local i = text:find("[\128-\255]")
  while i do
    local stop = select(2, text:find("^[\194-\223][\128-\191]", i))
      or select(2, text:find("^\224[\160-\191][\128-\191]", i))
      or select(2, text:find("^[\225-\236\238\239][\128-\191][\128-\191]", i))
      or select(2, text:find("^\237[\128-\159][\128-\191]", i))
      or select(2, text:find("^\240[\144-\191][\128-\191][\128-\191]", i))
      or select(2, text:find("^[\241-\243][\128-\191][\128-\191][\128-\191]", i))
      or select(2, text:find("^\244[\128-\143][\128-\191][\128-\191]", i))
    if not stop then return false end
    i = text:find("[\128-\255]", stop + 1)
  end
  return true
end

local function check_body(text, message)
  local at = skip(text, 1)
  if at > #text then return end
  if not is_utf8(text) then refuse(nil, "the body is not UTF-8") end
  if text:byte(at) ~= 123 then refuse(nil, "the body must be a JSON object") end
  local stop = skip(text, read_object(text, at, message, nil, 1))
  if stop <= #text then broken(stop) end
end

local function unescaped(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

-- `fixed` are the names that the path gives, between commas.
local function check_query(query, message, fixed)
  local shape, seen = MESSAGES[message] or {}, {}
  for pair in query:gmatch("[^&]+") do
    local name, value = pair:match("^([^=]*)=?(.*)$")
    name, value = unescaped(name), unescaped(value)
    local field = shape[name]
    if fixed:find("," .. name .. ",", 1, true) then refuse(name, "is given by the path") end
    if field then
      if seen[name] and not field.list then refuse(name, "is given twice") end
      seen[name] = true
      if not is_utf8(value) then refuse(name, "is not UTF-8") end
      local numeric = field.kind == "number" or field.kind == "integer"
      if numeric and not fits(field.kind, value) then refuse(name, EXPECTED[field.kind]) end
      if field.kind == "boolean" and value ~= "true" and value ~= "false" then refuse(name, EXPECTED.boolean) end
    end
  end
end

local function check(h, context)
  local message = context:get("request")
  local query = (h:headers():get(":path") or ""):match("%?([^#]*)")
  if query then check_query(query, message, context:get("fixed")) end
  if context:get("has_body") then
    local body = h:body()
    if body then check_body(body:getBytes(0, body:length()), message) end
  end
end

function envoy_on_request(h)
  local context = h:filterContext()
  if not context:get("request") then return end
  local fine, problem = pcall(check, h, context)
  if fine then return end
  if type(problem) ~= "table" then error(problem, 0) end
  local words = problem.field and problem.field .. ": " .. problem.what or problem.what
  local violation = problem.field
    and string.format('{"@type":"BadRequest","fieldViolations":[{"field":"%s","description":"%s"}]},', problem.field, problem.what)
    or ""
  h:respond({ [":status"] = "400" }, string.format(
    '{"code":3,"message":"%s","details":[%s{"@type":"ErrorInfo","reason":"INVALID_INPUT"}]}', words, violation))
end
