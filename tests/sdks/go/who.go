// Asks AWS who it is, once for each line it reads, with one client all the time: a program that runs for long.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

type said struct {
	Account string `json:"account,omitempty"`
	Arn     string `json:"arn,omitempty"`
	Key     string `json:"key,omitempty"`
	Error   string `json:"error,omitempty"`
}

func main() {
	ctx := context.Background()
	loaded, err := config.LoadDefaultConfig(ctx)
	client := sts.NewFromConfig(loaded)
	who := func() said {
		if err != nil {
			return said{Error: err.Error()}
		}
		identity, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		if err != nil {
			return said{Error: err.Error()}
		}
		used, err := client.Options().Credentials.Retrieve(ctx)
		if err != nil {
			return said{Error: err.Error()}
		}
		return said{Account: *identity.Account, Arn: *identity.Arn, Key: used.AccessKeyID}
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		line, _ := json.Marshal(who())
		fmt.Println(string(line))
	}
}
