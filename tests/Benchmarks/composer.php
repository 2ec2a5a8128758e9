<?php
// The same measurement as `compat`, of PHP's own composer/semver (Debian: php-cli, php-composer-semver; elsewhere: composer require composer/semver).
//   php tests/Benchmarks/composer.php [cases.ndjson [vendor/autoload.php]]
// Pairs that the installed release refuses are left out, and counted.

use Composer\Semver\Constraint\Constraint;
use Composer\Semver\Semver;
use Composer\Semver\VersionParser;

error_reporting(E_ALL & ~E_DEPRECATED);
require $argv[2] ?? '/usr/share/php/Composer/Semver/autoload.php';

const BATCHES = 15;
const SECONDS = 0.2;

function cpu(): float
{
    $usage = getrusage();
    return $usage['ru_utime.tv_sec'] + $usage['ru_stime.tv_sec'] + ($usage['ru_utime.tv_usec'] + $usage['ru_stime.tv_usec']) / 1e6;
}

function measure(string $name, int $decisions, callable $run): void
{
    $run();
    $rates = [];
    for ($batch = 0; $batch < BATCHES; $batch++) {
        [$begin, $rounds] = [cpu(), 0];
        do {
            $run();
            $rounds++;
        } while (cpu() - $begin < SECONDS);
        $rates[] = $rounds * $decisions / (cpu() - $begin);
    }
    sort($rates);
    printf("%-30s %12s decisions a second of CPU\n", $name, number_format($rates[intdiv(BATCHES, 2)]));
}

$parser = new VersionParser();
[$cases, $parsed, $refused] = [[], [], 0];
foreach (file($argv[1] ?? 'tests/Unit/Compatibility/Data/composer-sample.ndjson') as $line) {
    $case = json_decode($line, true);
    if ($case[0] !== 's' || $case[3] === null) {
        continue;
    }
    try {
        $parsed[] = [new Constraint('==', $parser->normalize($case[1])), $parser->parseConstraints($case[2])];
        $cases[] = [$case[1], $case[2]];
    } catch (UnexpectedValueException) {
        $refused++;
    }
}

printf("PHP %s, %d pairs, %d refused, one thread, median of %d batches\n", PHP_VERSION, count($cases), $refused, BATCHES);
measure('decide, both parsed', count($cases), function () use ($parsed) {
    foreach ($parsed as [$version, $constraint]) {
        $constraint->matches($version);
    }
});
measure('parse both and decide', count($cases), function () use ($cases) {
    foreach ($cases as [$version, $constraint]) {
        Semver::satisfies($version, $constraint);
    }
});
