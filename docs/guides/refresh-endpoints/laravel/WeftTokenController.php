<?php

// POST /weft/token: hands the widget a token for the visitor who is logged in.

namespace App\Http\Controllers;

use Illuminate\Contracts\Auth\Authenticatable;
use Illuminate\Http\JsonResponse;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Http;
use Illuminate\Support\Facades\Log;
use Throwable;

class WeftTokenController
{
    public function __invoke(Request $request): JsonResponse
    {
        // The browser writes this header. A page of another site can't change it.
        if ($request->header('Sec-Fetch-Site') !== 'same-origin') {
            return $this->reply(403, ['error' => 'cross_site']);
        }
        // Not the middleware `auth`: it would redirect to the login page.
        $user = $request->user();
        if ($user === null) {
            return $this->reply(401, ['error' => 'not_logged_in']);
        }
        $token = $this->mint($user);

        return $token === null
            ? $this->reply(502, ['error' => 'chat_unavailable'])
            : $this->reply(200, ['token' => $token]);
    }

    private function mint(Authenticatable $user): ?string
    {
        try {
            $answer = Http::withToken(config('services.weft.secret_key'))
                ->timeout(5)
                ->withoutRedirecting()
                ->post(config('services.weft.url').'/widget-token', ['user' => [
                    'id' => (string) $user->getAuthIdentifier(),
                    'name' => $user->name,
                    'email' => $user->email,
                ]]);
        } catch (Throwable $error) {
            Log::warning('weft: no token: '.$error::class);

            return null;
        }
        $token = $answer->status() === 200 ? $answer->json('token') : null;
        if (! is_string($token)) {
            Log::warning('weft: no token: status '.$answer->status());

            return null;
        }

        return $token;
    }

    private function reply(int $status, array $body): JsonResponse
    {
        return response()->json($body, $status, ['Cache-Control' => 'no-store']);
    }
}
