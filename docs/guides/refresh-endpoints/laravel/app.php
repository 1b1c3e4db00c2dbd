<?php

// A site around the endpoint, for try.mjs: its login lets everybody in. It stands on Debian's php-laravel-framework,
// which has no application skeleton.

use Illuminate\Auth\GenericUser;
use Illuminate\Config\Repository;
use Illuminate\Contracts\Auth\UserProvider;
use Illuminate\Contracts\Debug\ExceptionHandler;
use Illuminate\Cookie\Middleware\AddQueuedCookiesToResponse;
use Illuminate\Cookie\Middleware\EncryptCookies;
use Illuminate\Foundation\Application;
use Illuminate\Foundation\Bootstrap;
use Illuminate\Foundation\Exceptions\Handler;
use Illuminate\Foundation\Http\Kernel;
use Illuminate\Foundation\Http\Middleware\VerifyCsrfToken;
use Illuminate\Http\Request;
use Illuminate\Session\Middleware\StartSession;
use Illuminate\Support\Facades\Auth;
use Illuminate\Support\Facades\Facade;
use Illuminate\Support\Facades\Route;

require 'Illuminate/autoload.php';
require 'GuzzleHttp/autoload.php';
require __DIR__.'/WeftTokenController.php';

class TrialKernel extends Kernel
{
    protected $bootstrappers = [
        Bootstrap\HandleExceptions::class,
        Bootstrap\RegisterFacades::class,
        Bootstrap\RegisterProviders::class,
        Bootstrap\BootProviders::class,
    ];

    protected $middlewareGroups = [
        'web' => [
            EncryptCookies::class,
            AddQueuedCookiesToResponse::class,
            StartSession::class,
            VerifyCsrfToken::class,
        ],
    ];
}

class TrialUsers implements UserProvider
{
    public function retrieveById($id)
    {
        return new GenericUser(['id' => 1042, 'name' => 'Mia Lindqvist', 'email' => 'mia@shop.example']);
    }

    public function retrieveByToken($id, $token) {}

    public function updateRememberToken($user, $token) {}

    public function retrieveByCredentials(array $credentials) {}

    public function validateCredentials($user, array $credentials) {}
}

$app = new Application(__DIR__);
$app->useStoragePath(__DIR__.'/storage');
$app->detectEnvironment(fn () => 'production');
$app->instance('config', new Repository([
    'app' => [
        'key' => 'base64:'.base64_encode(str_repeat('t', 32)),
        'cipher' => 'AES-256-CBC',
        'debug' => false,
        'timezone' => 'UTC',
        'locale' => 'en',
        'providers' => [
            Illuminate\Auth\AuthServiceProvider::class,
            Illuminate\Cookie\CookieServiceProvider::class,
            Illuminate\Encryption\EncryptionServiceProvider::class,
            Illuminate\Filesystem\FilesystemServiceProvider::class,
            Illuminate\Foundation\Providers\FoundationServiceProvider::class,
            Illuminate\Hashing\HashServiceProvider::class,
            Illuminate\Session\SessionServiceProvider::class,
            Illuminate\Translation\TranslationServiceProvider::class,
            Illuminate\View\ViewServiceProvider::class,
        ],
    ],
    'auth' => [
        'defaults' => ['guard' => 'web'],
        'guards' => ['web' => ['driver' => 'session', 'provider' => 'trial']],
        'providers' => ['trial' => ['driver' => 'trial']],
    ],
    'logging' => [
        'default' => 'stderr',
        'channels' => ['stderr' => [
            'driver' => 'monolog',
            'handler' => Monolog\Handler\StreamHandler::class,
            'with' => ['stream' => 'php://stderr'],
        ]],
    ],
    'services' => require __DIR__.'/services.php',
    'session' => [
        'driver' => 'file',
        'files' => __DIR__.'/storage',
        'cookie' => 'trial',
        'lifetime' => 5,
        'path' => '/',
        'domain' => null,
        'secure' => false,
        'http_only' => true,
        'same_site' => 'lax',
        'lottery' => [0, 1],
        'expire_on_close' => false,
        'encrypt' => false,
    ],
    'view' => ['paths' => [], 'compiled' => __DIR__.'/storage'],
]));
$app->singleton(Illuminate\Contracts\Http\Kernel::class, TrialKernel::class);
$app->singleton(ExceptionHandler::class, Handler::class);
Facade::setFacadeApplication($app);

$app->booted(function () {
    Auth::provider('trial', fn () => new TrialUsers);
    Route::middleware('web')->group(function () {
        require __DIR__.'/routes.php';
        Route::post('/try/login', function () {
            Auth::loginUsingId(1042);

            return response()->noContent();
        })->withoutMiddleware(VerifyCsrfToken::class);
        // Shows that the endpoint is the exception, and not that nothing is guarded.
        Route::post('/try/form', fn () => 'sent');
    });
});

$kernel = $app->make(Illuminate\Contracts\Http\Kernel::class);
$request = Request::capture();
$response = $kernel->handle($request)->send();
$kernel->terminate($request, $response);
