"""Functions of functions, as in JAX: grad, vjp, jvp, jacobian, hessian, hvp, check_grads.

In: a function of numbers, arrays and trees of them. Out: a function. They run on the Wengert list
and build no graph. For other rooms: `grad`, `jacobians`, `check_grads`, `linearize`.
"""
