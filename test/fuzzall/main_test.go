package main

import "testing"

func TestOnlyARunThatFoundNothingIsRunAgain(t *testing.T) {
	for out, want := range map[string]bool{
		"fuzz: elapsed: 16s, execs: 21401 (0/sec), new interesting: 0 (total: 818)\n--- FAIL: FuzzCompose (16.04s)\n    context deadline exceeded\nFAIL\nexit status 1\n":                    true,
		"--- FAIL: FuzzParse (0.10s)\n    --- FAIL: FuzzParse (0.00s)\n        a_test.go:9: context deadline exceeded\n    \n    Failing input written to testdata/fuzz/FuzzParse/1\nFAIL\n": false,
		"--- FAIL: FuzzParse (3.10s)\n    fuzzing process hung or terminated unexpectedly: exit status 2\n    Failing input written to testdata/fuzz/FuzzParse/1\nFAIL\n":                    false,
		"--- FAIL: FuzzParse (3.10s)\n    context deadline exceeded\n    Failing input written to testdata/fuzz/FuzzParse/1\nFAIL\n":                                                         false,
		"a_test.go:9: undefined: x\nFAIL\tmedicore.dev/medicore/a [build failed]\n":                                                                                                          false,
	} {
		if got := foundNothing.MatchString(out); got != want {
			t.Errorf("%t, want %t of\n%s", got, want, out)
		}
	}
}
