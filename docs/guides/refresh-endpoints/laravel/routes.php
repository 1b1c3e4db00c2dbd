<?php

// In routes/web.php.

use App\Http\Controllers\WeftTokenController;
use Illuminate\Foundation\Http\Middleware\VerifyCsrfToken;
use Illuminate\Support\Facades\Route;

// The widget has no CSRF token. The controller's check of Sec-Fetch-Site does that work.
Route::post('/weft/token', WeftTokenController::class)->withoutMiddleware(VerifyCsrfToken::class);
