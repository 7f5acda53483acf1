package compile

import (
	"math/rand/v2"
	"testing"
)

// An exhaustive search knows the cheapest decision tree for a function of few
// values: best[s] is the cost for the set s of values that are still possible.
type exhaustive struct {
	targets []node
	weights []int32
	best    map[uint32]int32
}

func (e *exhaustive) cost(set uint32) int32 {
	if c, ok := e.best[set]; ok {
		return c
	}
	weight, constant, first := int32(0), true, none
	for v := range e.targets {
		if set>>v&1 == 1 {
			if first == none {
				first = e.targets[v]
			}
			constant = constant && e.targets[v] == first
			weight += e.weights[v]
		}
	}
	if constant {
		return 0
	}
	best := int32(impossible)
	for k := range e.targets {
		for _, yes := range []uint32{1 << k, ^uint32(0) << k} { // == k, >= k
			if yes&set != 0 && set&^yes != 0 {
				best = min(best, instruction+weight+e.cost(set&yes)+e.cost(set&^yes))
			}
		}
	}
	e.best[set] = best
	return best
}

// The planner compares only some trees. Of 300 small functions it finds the
// cheapest tree of == and >= for nearly all, and is never far off.
func TestTreesAreNearTheOptimum(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const values, functions = 12, 300
	var sum, least int64
	optimal, worst := 0, 1.0
	for range functions {
		e := exhaustive{best: map[uint32]int32{}}
		var steps []step
		targets := 2 + r.IntN(2)
		for v := range values {
			target := node(r.IntN(targets))
			if v > 0 && r.IntN(3) == 0 || v == values-1 {
				target = e.targets[v-1] // for steps of more than one value
			}
			weight := 1 + int32(r.IntN(8))
			e.targets, e.weights = append(e.targets, target), append(e.weights, weight)
			steps = append(steps, step{first: uint32(v), weight: weight, target: target})
		}
		steps = merge(steps)
		p := planner{graph: new(graph), word: wordNr, mask: allBits, steps: steps}
		p.plan()
		got, want := p.cost(0, int32(len(steps)-1)), e.cost(1<<values-1)
		if got < want {
			t.Fatalf("cost %d is below the optimum %d: %+v", got, want, steps)
		}
		if got == want {
			optimal++
		}
		if want > 0 {
			worst = max(worst, float64(got)/float64(want))
		}
		sum, least = sum+int64(got), least+int64(want)
	}
	t.Logf("%d of %d are optimal; %.2f %% above the optimum on average, %.1f %% at worst",
		optimal, functions, 100*float64(sum-least)/float64(least), 100*(worst-1))
	if sum > least*102/100 || worst > 1.15 {
		t.Error("the trees are farther from the optimum than they were")
	}
}
