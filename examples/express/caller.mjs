// Who calls, as Backlot says it. No page can set these headers: Backlot removes what it did not write.

export function caller(request) {
  return {
    instanceId: request.get("x-backlot-instance-id"),
    role: request.get("x-backlot-role"),
    userId: request.get("x-backlot-user-id") ?? null,
    requestId: request.get("x-request-id"),
  };
}
