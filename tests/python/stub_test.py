"""The types that the package promises are those that it has."""
import ast
import inspect
import pathlib
import unittest

import restitch

STUB = pathlib.Path(restitch.__file__).with_name("__init__.pyi")


def arguments_of(function):
    """Their names, as the stub has them."""
    arguments = function.args
    return [one.arg for one in arguments.posonlyargs + arguments.args + arguments.kwonlyargs]


class Stub(unittest.TestCase):
    def test_names_and_arguments_are_those_of_the_package(self):
        tree = ast.parse(STUB.read_text(encoding="utf-8"))
        promised = {node.name: node for node in tree.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
        self.assertEqual(set(promised), set(restitch.__all__))
        for name, node in promised.items():
            with self.subTest(name):
                real = getattr(restitch, name)
                if isinstance(node, ast.FunctionDef):
                    self.assertEqual(arguments_of(node), list(inspect.signature(real).parameters))
                else:
                    self.check_class(node, real)

    def check_class(self, node, real):
        fields = [one.target.id for one in node.body if isinstance(one, ast.AnnAssign)]
        self.assertEqual(fields, list(getattr(real, "__match_args__", ())))
        for member in node.body:
            if not isinstance(member, ast.FunctionDef):
                continue
            self.assertTrue(hasattr(real, member.name) or member.name in real.__slots__, member.name)
            function = inspect.getattr_static(real, member.name)
            is_property = any(getattr(one, "id", "") == "property" for one in member.decorator_list)
            self.assertEqual(is_property, not callable(function), member.name)

    def test_the_package_says_that_it_has_types(self):
        self.assertTrue(STUB.with_name("py.typed").is_file())


if __name__ == "__main__":
    unittest.main()
