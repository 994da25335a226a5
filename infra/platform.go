package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Options of the platform's stack. The zero value is usable.
type Options struct {
	Env   *awscdk.Environment // account and region; nil: decided at deployment
	Azs   float64             // availability zones; 0 means 2
	Tasks float64             // copies of each service; 0 means 2
}

// NewPlatform declares the stack: the network and the five services behind a load balancer.
func NewPlatform(scope constructs.Construct, id string, opt Options) awscdk.Stack {
	if opt.Azs == 0 {
		opt.Azs = 2
	}
	if opt.Tasks == 0 {
		opt.Tasks = 2
	}
	stack := awscdk.NewStack(scope, &id, &awscdk.StackProps{
		Env: opt.Env, Description: jsii.String("MediCore: gateway, auth, profiles, billing and analytics on ECS Fargate"),
	})
	network := newNetwork(stack, opt)
	newServices(stack, network, opt)
	return stack
}
