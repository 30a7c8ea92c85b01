"""A module of PyTorch, with PyTorch's own derivative of each layer and of each parameter."""

import torch
from torch import nn

import graphtrace as gt

net = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
with torch.no_grad():
    net[0].weight[:] = torch.tensor([[1.0, 3.0], [-2.0, 1.0]])
    net[0].bias[:] = torch.tensor([1.0, 2.0])
    net[2].weight[:] = torch.tensor([[2.0, -1.0]])
    net[2].bias[:] = torch.tensor([0.0])


def loss(x, y):
    e = net(x) - y
    return (e**2).sum()


graph = gt.trace(loss, torch.tensor([1.0, 2.0]), torch.tensor([9.0]))
graph.backward()
