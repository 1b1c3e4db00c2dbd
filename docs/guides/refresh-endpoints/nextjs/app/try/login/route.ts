// The login of the trial lets everybody in.
export function POST() {
  return new Response(null, { status: 204, headers: { "Set-Cookie": "logged_in=1; Path=/; HttpOnly; SameSite=Lax" } });
}
